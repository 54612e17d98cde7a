import { defineCommand } from './command.js';

/** bash's own mechanism; zsh takes the same through its bashcompinit. */
const SCRIPT = `# Completion of udp-ufo for bash and zsh: eval "$(udp-ufo completion)"
if [ -n "\${ZSH_VERSION-}" ]; then
  autoload -U +X compinit && compinit
  autoload -U +X bashcompinit && bashcompinit
fi
_udp_ufo() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$(udp-ufo --get-completions "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o bashdefault -o default -F _udp_ufo udp-ufo`;

export const completion = defineCommand({
  name: 'completion',
  describe: 'Print a completion script for bash and zsh',
  examples: [
    ['completion >> ~/.bashrc', 'completes commands, options and their values in every new shell'],
    ['completion >> ~/.zshrc', 'the same for zsh'],
  ],
  handler: async (_values, { output }) => output.line(SCRIPT),
});
