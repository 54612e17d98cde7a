import { describeLive, liveIt } from './in-lab.js';
import { assertDiagnosed } from './path-lab.js';

describeLive('udp-ufo path, by the clock', () => {
  /** It must send faster than those fragments a second that pass. */
  liveIt('diagnoses rate-limit rightly, over IPv4 and IPv6', async () => {
    await assertDiagnosed('rate-limit');
  });
});
