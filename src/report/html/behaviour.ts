/** As much of the page's document as the script needs; this program is not compiled against a browser's types. */
interface Page {
  querySelectorAll(selector: string): Iterable<PageElement>;
  defaultView: { addEventListener(type: string, listener: () => void): void };
}
interface PageElement {
  textContent: string;
  hidden: boolean;
  checked: boolean;
  value: string;
  dataset: Record<string, string | undefined>;
  children: ArrayLike<PageElement>;
  querySelector(selector: string): PageElement | null;
  querySelectorAll(selector: string): Iterable<PageElement>;
  addEventListener(type: string, listener: () => void): void;
  setAttribute(name: string, value: string): void;
  getAttribute(name: string): string | null;
  append(...elements: PageElement[]): void;
}

/**
 * Runs in the page, from its source text: sorts by a column, filters by kind, searches, opens details; all by buttons and
 * fields, so the keyboard does. It must not use anything from outside its own braces.
 */
export function behaviour(page: Page): void {
  for (const section of page.querySelectorAll('.sortable')) {
    const table = section.querySelector('table')!;
    const bodies = [...section.querySelectorAll('tbody')];
    const heads = [...section.querySelectorAll('th')];
    const search = section.querySelector('input[type=search]')!;
    const kinds = [...section.querySelectorAll('input[name=kind]')];
    const count = section.querySelector('output')!;

    const show = (): void => {
      const wanted = search.value.toLowerCase();
      const off = new Set(kinds.filter((box) => !box.checked).map((box) => box.value));
      let shown = 0;
      for (const body of bodies) {
        body.hidden = off.has(body.dataset['kind'] ?? '') || !body.textContent.toLowerCase().includes(wanted);
        if (!body.hidden) shown++;
      }
      count.textContent = `${shown} of ${bodies.length} rows`;
    };

    const sort = (column: number): void => {
      const down = heads[column]!.getAttribute('aria-sort') === 'ascending';
      for (const head of heads) head.setAttribute('aria-sort', 'none');
      heads[column]!.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      const key = (body: PageElement): string => body.querySelector('tr')!.children[column]!.dataset['sort'] ?? '';
      const compare = (a: string, b: string): number =>
        a !== '' && b !== '' && Number.isFinite(Number(a)) && Number.isFinite(Number(b))
          ? Number(a) - Number(b)
          : a.localeCompare(b);
      bodies.sort((a, b) => compare(key(a), key(b)) * (down ? -1 : 1));
      table.append(...bodies);
    };

    const open = (button: PageElement, body: PageElement, wanted: boolean): void => {
      button.setAttribute('aria-expanded', String(wanted));
      body.querySelector('.details')!.hidden = !wanted;
    };

    for (const [column, head] of heads.entries()) {
      head.querySelector('button')?.addEventListener('click', () => sort(column));
    }
    search.addEventListener('input', show);
    for (const box of kinds) box.addEventListener('change', show);
    for (const body of bodies) {
      const button = body.querySelector('.open');
      if (button === null) continue;
      button.addEventListener('click', () => open(button, body, button.getAttribute('aria-expanded') !== 'true'));
      page.defaultView.addEventListener('beforeprint', () => open(button, body, true)); // paper can't be clicked
    }
    show();
  }
}
