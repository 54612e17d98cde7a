import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { type UfoError, unsupportedError } from '../errors.js';

/** What a package with a native part needs to be built, by what Debian calls it. */
const NEEDS: Readonly<Record<string, string>> = {
  'raw-socket': 'g++ make python3',
  cap: 'g++ make python3 libpcap-dev',
};

/** Why a package with a native part does not load, and what to do. */
export interface NotLoaded {
  readonly why: string;
  readonly hint: string;
}

/** The error of a package that did not load, for the caller to put what it is needed for in front. */
export function notLoadedError(name: string, cause: unknown, purpose: string, otherwise?: string): UfoError {
  const { why, hint } = notLoaded(name, cause);
  return unsupportedError(`${purpose}${why}`, otherwise === undefined ? hint : `${hint}; or ${otherwise}`);
}

/**
 * Tells apart: not installed, not built, built for another Node, and anything else. npm rebuilds what it has installed, but
 * passes over what came inside of another package, as raw-socket does, and calls that a success: so node-gyp is named itself.
 * @param folder where the package lies; null: nowhere
 */
export function notLoaded(name: string, cause: unknown, folder: string | null = folderOf(name)): NotLoaded {
  const { code, message = String(cause) } = (cause ?? {}) as { code?: string; message?: string };
  const needs = NEEDS[name];
  const tools = needs === undefined ? '' : `apt-get install ${needs} (as Debian calls them), then `;
  const build =
    folder === null ? `npm install ${name}` : `${rebuildOf(name, folder)} (in a checkout: node scripts/setup.mjs)`;
  const [, built, wanted] = /NODE_MODULE_VERSION (\d+)[\s\S]*NODE_MODULE_VERSION (\d+)/.exec(message) ?? [];
  if (built !== undefined) {
    const why = `${name} is built for another Node (NODE_MODULE_VERSION ${built}, and Node ${process.versions.node} has ${wanted})`;
    return { why, hint: `with this Node: ${build}` };
  }
  if (code === 'MODULE_NOT_FOUND' && folder === null) {
    const why = `${name} is not installed: npm leaves an optional package out where it cannot be built`;
    return { why, hint: `${tools}${build}` };
  }
  if (code === 'MODULE_NOT_FOUND' && /\.node'/.test(message))
    return { why: `${name} is installed, but not built`, hint: `${tools}${build}` };
  return { why: `${name} does not load: ${message.split('\n')[0]}`, hint: `${tools}${build}` };
}

function folderOf(name: string): string | null {
  try {
    return dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  } catch {
    return null;
  }
}

/** npm's own node-gyp, in the folder that the package lies in, whoever brought it. */
function rebuildOf(name: string, folder: string): string {
  const [project, ...inside] = folder.split('/node_modules/');
  const path = inside.length === 0 ? name : inside.join('/node_modules/');
  return `(cd ${project || '/'} && npm explore ${path} -- node-gyp rebuild)`;
}
