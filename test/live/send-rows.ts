import { ERRNO, systemError } from '../../src/errors.js';
import type { NetDevice, TxBatch } from '../../src/tx/net-device.js';

/** Hands every row to the device, waiting where it is full. Throws what stops it otherwise. */
export async function sendRows(device: NetDevice, batch: TxBatch): Promise<void> {
  for (let row = 0; row < batch.table.rows; ) {
    const taken = device.xmit(batch, row);
    if (taken > 0) row += taken;
    else if (taken === -ERRNO.EAGAIN || taken === -ERRNO.ENOBUFS) await device.writable(AbortSignal.timeout(10_000));
    else throw systemError(-taken, device.syscall);
  }
}
