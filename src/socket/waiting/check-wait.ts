import { checkObject, checkSignal, refuseUnknown } from '../../checks.js';
import type { Wait } from '../options.js';

/** @throws UfoError (TypeError) for what a call that only waits is not told */
export function checkWait(wait: unknown, call: string): asserts wait is Wait {
  checkObject('options', wait);
  refuseUnknown(wait, ['signal'], call);
  checkSignal((wait as Wait).signal);
}
