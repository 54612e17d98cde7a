/** The command by its name. */
export const PROGRAM = 'udp-ufo';
