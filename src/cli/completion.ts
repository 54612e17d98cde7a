import { defineCommand } from './command.js';
import { PROGRAM } from './program.js';

/**
 * Completion for bash (by `complete`) and zsh (by its own `compdef`, which `compinit` brings). Whatever the command was called
 * by, a path too, is asked for what may stand at the cursor. bash takes `=` for a word's end, so that words are put together
 * again before we see them.
 */
const SCRIPT = `# Completion of ${PROGRAM} for bash and zsh: eval "$(${PROGRAM} completion)"
if [ -n "\${ZSH_VERSION-}" ]; then
  _udp_ufo() {
    local -a found
    found=("\${(@f)$("\${words[1]}" --get-completions "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
    if [ "\${#found[@]}" -gt 0 ] && [ -n "\${found[1]}" ]; then compadd -Q -- "\${found[@]}"; else _files; fi
  }
  (( \${+functions[compdef]} )) || { autoload -Uz compinit && compinit -u; }
  compdef _udp_ufo ${PROGRAM}
else
  _udp_ufo() {
    local line="\${COMP_LINE:0:COMP_POINT}" word found
    local -a words
    read -r -a words <<< "$line"
    case "$line" in *[[:space:]]) words+=('');; esac
    word="\${words[\${#words[@]}-1]}"
    found="$("\${words[0]}" --get-completions "\${words[@]:1}" 2>/dev/null)"
    COMPREPLY=()
    while IFS= read -r one; do
      # Readline replaces only what stands behind the last = or :.
      if [ -n "$one" ]; then case "$word" in *=*) COMPREPLY+=("\${one#"\${word%=*}="}");; *) COMPREPLY+=("$one");; esac; fi
    done <<< "$found"
  }
  complete -o bashdefault -o default -F _udp_ufo ${PROGRAM}
fi`;

export const completion = defineCommand({
  name: 'completion',
  describe: 'Print a completion script for bash and zsh',
  examples: [
    ['completion >> ~/.bashrc', 'completes commands, options and their values in every new shell'],
    ['completion >> ~/.zshrc', 'the same for zsh'],
  ],
  handler: async (_values, { output }) => output.line(SCRIPT),
});
