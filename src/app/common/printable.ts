/**
 * Octets that steer a terminal instead of standing on it (C0, DEL, C1), ends of lines, and what turns the direction of a text
 * (Unicode's bidirectional controls): whoever made a file must not write on its reader's screen what it likes.
 */
const STEERING = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu;

/** Text out of a file or off the wire, for a terminal: on one line, what would steer it as `\u001b`. */
export function printable(text: string): string {
  return text.replace(STEERING, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
