// Every way in which `npm run mutate` breaks a file: one place at a time, in the JavaScript that is run, so that the tests'
// coverage tells which of them reach it. WebAssembly text has mutants of its own.
import ts from 'typescript';

const SWAPPED = new Map([
  ...[
    ['+', '-'],
    ['*', '/'],
    ['<', '<='],
    ['>', '>='],
    ['===', '!=='],
    ['&&', '||'],
    ['&', '|'],
    ['<<', '>>>'],
  ].flatMap(([one, other]) => [
    [one, other],
    [other, one],
  ]),
  ['??', '&&'],
  ['+=', '-='],
  ['-=', '+='],
]);
const SHOWN = 120;

/** Mutants of the JavaScript `text` of `file`: what it is called, where it is, and the whole text with it. */
export function mutantsOfScript(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  const mutants = [];
  const times = new Map();
  const add = (context, from, to, by) => {
    const before = plain(context.getText());
    const at = context.getStart();
    const after = plain(text.slice(at, from) + by + text.slice(to, context.getEnd()));
    const what = `${file} ${placeOf(context)}: ${shorten(before)} → ${shorten(after) || 'nothing'}`;
    const time = (times.get(what) ?? 0) + 1;
    times.set(what, time);
    const name = time === 1 ? what : `${what} (${time})`;
    mutants.push({ name, at: from, text: text.slice(0, from) + by + text.slice(to) });
  };
  const visit = (node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return;
    mutate(node, add);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return mutants;
}

function mutate(node, add) {
  const whole = (context, one, by) => add(context, one.getStart(), one.getEnd(), by);
  if (ts.isBinaryExpression(node)) {
    const swapped = SWAPPED.get(node.operatorToken.getText());
    if (swapped) whole(node, node.operatorToken, swapped);
  } else if (ts.isNumericLiteral(node) && !ts.isVoidExpression(node.parent))
    whole(node.parent, node, String(Number(node.text) + 1));
  else if (node.kind === ts.SyntaxKind.TrueKeyword) whole(node.parent, node, 'false');
  else if (node.kind === ts.SyntaxKind.FalseKeyword) whole(node.parent, node, 'true');
  else if (ts.isExpressionStatement(node)) whole(node, node, ';');
  const condition = ts.isIfStatement(node) ? node.expression : ts.isConditionalExpression(node) ? node.condition : null;
  if (condition === null) return;
  whole(condition, condition, 'false');
  whole(condition, condition, 'true');
}

/** The function or method that holds the node, so that a name stays when lines move. */
function placeOf(node) {
  for (let at = node.parent; at; at = at.parent) {
    const name = at.name ?? (ts.isArrowFunction(at) ? at.parent.name : undefined);
    if (ts.isFunctionLike(at) && name) return name.getText();
    if (ts.isConstructorDeclaration(at)) return 'constructor';
  }
  return 'module';
}

const SWAPPED_WAT = new Map([
  ['lt_u', 'le_u'],
  ['le_u', 'lt_u'],
  ['gt_u', 'ge_u'],
  ['ge_u', 'gt_u'],
  ['lt_s', 'le_s'],
  ['add', 'sub'],
  ['sub', 'add'],
  ['and', 'or'],
  ['or', 'and'],
  ['eq', 'ne'],
  ['ne', 'eq'],
  ['shl', 'shr_u'],
  ['shr_u', 'shl'],
]);

/** Mutants of the WebAssembly text `text`: operators swapped, constants grown by one. */
export function mutantsOfWat(file, text) {
  const code = text.replace(/;;.*/g, (comment) => ' '.repeat(comment.length));
  const mutants = [];
  for (const match of code.matchAll(/\b(i32|i64)\.(\w+)( 0x[\da-f]+| \d+)?/g)) {
    const [whole, type, operator, constant] = match;
    const by =
      operator === 'const' && constant
        ? `${type}.const ${Number(constant) + 1}`
        : SWAPPED_WAT.has(operator) && `${type}.${SWAPPED_WAT.get(operator)}${constant ?? ''}`;
    if (!by) continue;
    const from = match.index;
    const line = text.slice(0, from).split('\n').length;
    const name = `${file}:${line}: ${whole} → ${by}`;
    const same = mutants.filter((one) => one.name.startsWith(name)).length;
    mutants.push({
      name: same === 0 ? name : `${name} (${same + 1})`,
      at: null,
      text: text.slice(0, from) + by + text.slice(from + whole.length),
    });
  }
  return mutants;
}

/** In one line, and as every emitter writes it. */
function plain(text) {
  return text.replace(/\s+/g, ' ').replaceAll('"', "'").trim();
}

function shorten(text) {
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`;
}

/** `count` of them, the same for the same seed. */
export function sample(mutants, count, seed) {
  let state = seed >>> 0 || 1;
  const random = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  return mutants
    .map((mutant) => [random(), mutant])
    .sort(([a], [b]) => a - b)
    .slice(0, count)
    .map(([, mutant]) => mutant);
}
