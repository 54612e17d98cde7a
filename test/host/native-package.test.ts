import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { notLoaded, notLoadedError } from '../../src/host/native-package.js';

/** As Node words them. */
const error = (code: string, message: string): Error => Object.assign(new Error(message), { code });
const NOT_THERE = error('MODULE_NOT_FOUND', "Cannot find module 'cap'\nRequire stack:\n- /x/main.js");
const NOT_BUILT = error(
  'MODULE_NOT_FOUND',
  "Cannot find module '../build/Release/cap.node'\nRequire stack:\n- /x/Cap.js",
);
const OTHER_NODE = error(
  'ERR_DLOPEN_FAILED',
  "The module '/x/raw.node'\nwas compiled against a different Node.js version using\nNODE_MODULE_VERSION 137. This version of " +
    'Node.js requires\nNODE_MODULE_VERSION 115. Please try re-compiling or re-installing\nthe module (for instance, using `npm rebuild`).',
);
const NO_LIBRARY = error('ERR_DLOPEN_FAILED', 'libpcap.so.0.8: cannot open shared object file: No such file');

describe('a package with a native part that does not load', () => {
  it('is not installed, as npm leaves it out where it cannot be built: then npm install', () => {
    const { why, hint } = notLoaded('cap', NOT_THERE, null);
    assert.match(why, /^cap is not installed: npm leaves an optional package out where it cannot be built$/);
    assert.match(hint, /^apt-get install g\+\+ make python3 libpcap-dev .*then npm install cap$/);
  });

  it('is not built: then node-gyp, where it lies', () => {
    const { why, hint } = notLoaded('cap', NOT_BUILT, '/home/me/project/node_modules/cap');
    assert.equal(why, 'cap is installed, but not built');
    assert.match(hint, /^apt-get.*then \(cd \/home\/me\/project && npm explore cap -- node-gyp rebuild\)/);
  });

  it('is built for another Node: then with this one, also inside of another package', () => {
    const { why, hint } = notLoaded('raw-socket', OTHER_NODE, '/p/node_modules/udp-ufo/node_modules/raw-socket');
    assert.equal(
      why,
      `raw-socket is built for another Node (NODE_MODULE_VERSION 137, and Node ${process.versions.node} has 115)`,
    );
    assert.match(
      hint,
      /^with this Node: \(cd \/p && npm explore udp-ufo\/node_modules\/raw-socket -- node-gyp rebuild\)/,
    );
    assert.doesNotMatch(hint, /apt-get/);
  });

  it('misses a library, or something nobody thought of: in its own words', () => {
    assert.match(
      notLoaded('cap', NO_LIBRARY, '/p/node_modules/cap').why,
      /does not load: libpcap\.so\.0\.8: cannot open/,
    );
    assert.match(notLoaded('koffi', 'odd', '/p/node_modules/koffi').why, /koffi does not load: odd/);
  });

  it('is told with what it is needed for, and what does without it', () => {
    const told = notLoadedError('cap', NOT_BUILT, 'the npm package ', 'take the engine libpcap');
    assert.deepEqual(
      [told.code, told.message],
      ['ERR_UFO_UNSUPPORTED', 'the npm package cap is installed, but not built'],
    );
    assert.match(told.hint!, /; or take the engine libpcap$/);
  });
});
