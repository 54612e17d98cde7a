// What the package has of others: a licence text for all that the tarball ships (bundled by esbuild, or by npm as raw-socket is), and
// a bill of materials, CycloneDX 1.5, of these and of what npm installs beside them. From the lockfile, as `npm sbom` refuses nan,
// which raw-socket wants older and package.json overrides.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
export const LICENCES = 'THIRD-PARTY-LICENSES.txt';
export const SBOM = 'sbom.cdx.json';
const RULE = '-'.repeat(80);

/** Writes both into `folder`. `inputs` are the files that went into the bundles, as esbuild's metafile names them. */
export function writeNotices(folder, inputs) {
  const { name, version, license } = readJson('package.json');
  const all = Object.entries(readJson('package-lock.json').packages).filter(([path, { dev }]) => path !== '' && !dev);
  const bundled = new Set(inputs.flatMap((input) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input) ?? []));
  const known = new Set(all.map(([path]) => path));
  const stranger = [...bundled].find((path) => !known.has(path));
  if (stranger !== undefined)
    throw new Error(`${stranger} is bundled, but is no dependency: whose licence is it under?`);
  const isShipped = ([path, { inBundle }]) => inBundle === true || bundled.has(path);
  const texts = all.filter(isShipped).map(licenceText);
  writeFileSync(join(folder, LICENCES), `${name} ships these packages.\n\n${[...new Set(texts)].join('\n')}`);
  const bom = {
    ...{ bomFormat: 'CycloneDX', specVersion: '1.5', version: 1 },
    metadata: {
      component: { ...component(name, version, license), type: 'application' },
    },
    components: all.map((one) => componentOf(one, isShipped(one))),
    dependencies: [
      { ref: purl(name, version), dependsOn: refsOf('', readJson('package.json'), all) },
      ...all.map(([path, meta]) => ({ ref: refOf([path, meta]), dependsOn: refsOf(path, meta, all) })),
    ],
  };
  writeFileSync(join(folder, SBOM), `${JSON.stringify({ ...bom, ...unrepeated(bom) }, null, 2)}\n`);
}

/** The same version installed in two places is one component. */
function unrepeated({ components, dependencies }) {
  const first = (list, key) => [...new Map(list.map((one) => [one[key], one])).values()];
  return { components: first(components, 'bom-ref'), dependencies: first(dependencies, 'ref') };
}

function componentOf([path, { version, license, integrity, optional }], shipped) {
  const [, algorithm, hash] = /^(sha\d+)-(.*)$/.exec(integrity ?? '') ?? [];
  return {
    ...component(nameOf(path), version, license ?? manifest(path)?.licenses?.[0]?.type),
    scope: optional && !shipped ? 'optional' : 'required',
    ...(algorithm && {
      hashes: [
        { alg: algorithm.toUpperCase().replace('SHA', 'SHA-'), content: Buffer.from(hash, 'base64').toString('hex') },
      ],
    }),
    properties: [{ name: 'udp-ufo:shipped', value: String(shipped) }],
  };
}

function component(name, version, license) {
  return {
    type: 'library',
    ...{ 'bom-ref': purl(name, version), name, version, purl: purl(name, version) },
    ...(license && { licenses: [{ license: { id: license } }] }),
  };
}

function purl(name, version) {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

function refOf([path, { version }]) {
  return purl(nameOf(path), version);
}

/** What a package depends on, each where Node finds it: from its own folder upwards. */
function refsOf(path, { dependencies, optionalDependencies }, all) {
  const found = Object.keys({ ...dependencies, ...optionalDependencies }).flatMap((name) => {
    for (let from = path; ; from = from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/')))) {
      const at = all.find(([one]) => one === `${from === '' ? '' : `${from}/`}node_modules/${name}`);
      if (at !== undefined) return [refOf(at)];
      if (from === '') return [];
    }
  });
  return [...new Set(found)];
}

/** @throws Error where a package that is shipped tells no licence */
function licenceText([path, { version, license }]) {
  const names = readdirSync(join(root, path));
  const file = names.find((name) => /^(licen[sc]e|copying)/i.test(name));
  const readme = names.find((name) => /^readme/i.test(name));
  const text =
    file === undefined
      ? /^#+ *licen[sc]e\s*$([\s\S]*)/im.exec(readFileSync(join(root, path, readme), 'utf8'))?.[1]
      : readFileSync(join(root, path, file), 'utf8');
  if (!text?.trim()) throw new Error(`${path} is shipped, and tells no licence`);
  return `${RULE}\n${nameOf(path)} ${version}${license ? ` (${license})` : ''}\n${RULE}\n\n${text.trim()}\n`;
}

function nameOf(path) {
  return path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

function manifest(path) {
  try {
    return readJson(join(path, 'package.json'));
  } catch {
    return null; // for another system, and so not installed
  }
}

function readJson(path) {
  return JSON.parse(readFileSync(join(root, path), 'utf8'));
}
