import { fileURLToPath } from 'node:url';
import { locatePrograms } from '../host/programs.js';

// Whoever is first in a process (the command line, the library) imports this, so that the rooms below can start the rest.
locatePrograms((name) => fileURLToPath(new URL(`./${name}.js`, import.meta.url)));
