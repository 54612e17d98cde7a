export const ESCAPE = '\x1b';

/** As much of a terminal as progress bars use: what stands on its lines, where wrapping is as the program has set it. */
export class Screen {
  readonly lines: string[] = [''];
  cursorShown = true;
  readonly #columns: number;
  #row = 0;
  #column = 0;
  #saved: [row: number, column: number] = [0, 0];
  #wraps = true;

  constructor(columns: number) {
    this.#columns = columns;
  }

  write(text: string): void {
    for (const [token] of text.matchAll(TOKENS)) {
      if (token.startsWith(ESCAPE)) this.#escape(token);
      else if (token === '\r') this.#column = 0;
      else if (token === '\n') this.#newLine();
      else this.#put(token);
    }
  }

  #put(character: string): void {
    if (this.#column >= this.#columns) {
      if (this.#wraps) {
        this.#newLine();
        this.#column = 0;
      } else this.#column = this.#columns - 1;
    }
    const line = this.lines[this.#row]!.padEnd(this.#column);
    this.lines[this.#row] = line.slice(0, this.#column) + character + line.slice(this.#column + 1);
    this.#column += 1;
  }

  #newLine(): void {
    this.#row += 1;
    this.lines[this.#row] ??= '';
  }

  #escape(sequence: string): void {
    const line = this.lines[this.#row]!;
    const what = sequence.slice(1);
    if (what === '7') this.#saved = [this.#row, this.#column];
    else if (what === '8') [this.#row, this.#column] = this.#saved;
    else if (what === '[K' || what === '[0K') this.lines[this.#row] = line.slice(0, this.#column);
    else if (what === '[2K') this.lines[this.#row] = '';
    else if (/^\[\d+G$/.test(what)) this.#column = Number(what.slice(1, -1)) - 1;
    else if (what.startsWith('[?7')) this.#wraps = what.endsWith('h');
    else if (what.startsWith('[?25')) this.cursorShown = what.endsWith('h');
    else throw new Error(`an escape sequence that this terminal does not know: ${JSON.stringify(sequence)}`);
  }
}

const TOKENS = new RegExp(`${ESCAPE}(?:\\[[?\\d;]*[A-Za-z]|.)|.`, 'gsu');
