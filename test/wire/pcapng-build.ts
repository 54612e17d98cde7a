/** Blocks of pcapng files as other writers make them, in either byte order. */
import { padded } from '../../src/wire/pcapng-format.js';

type Options = readonly (readonly [code: number, value: Uint8Array | string])[];

export class PcapngBuilder {
  readonly #little: boolean;
  readonly #blocks: Uint8Array[] = [];

  constructor(littleEndian: boolean) {
    this.#little = littleEndian;
  }

  section(options: Options = [], length = -1n): this {
    const body = this.#body(16, (view) => {
      view.setUint32(0, 0x1a2b3c4d, this.#little);
      view.setUint16(4, 1, this.#little);
      view.setBigInt64(8, length, this.#little);
    });
    return this.block(0x0a0d0d0a, body, options);
  }

  interface(linktype: number, snaplen = 0, options: Options = []): this {
    const body = this.#body(8, (view) => {
      view.setUint16(0, linktype, this.#little);
      view.setUint32(4, snaplen, this.#little);
    });
    return this.block(1, body, options);
  }

  enhanced(number: number, time: bigint, data: Uint8Array, len = data.length, options: Options = []): this {
    const body = this.#body(20, (view) => {
      view.setUint32(0, number, this.#little);
      this.#packet(view, time, data, len);
    });
    return this.block(6, Buffer.concat([body, pad(data)]), options);
  }

  /** @param drops 0xffff: nobody knows */
  obsolete(number: number, time: bigint, data: Uint8Array, len = data.length, drops = 0xffff): this {
    const body = this.#body(20, (view) => {
      view.setUint16(0, number, this.#little);
      view.setUint16(2, drops, this.#little);
      this.#packet(view, time, data, len);
    });
    return this.block(2, Buffer.concat([body, pad(data)]));
  }

  simple(data: Uint8Array, len = data.length): this {
    const body = this.#body(4, (view) => view.setUint32(0, len, this.#little));
    return this.block(3, Buffer.concat([body, pad(data)]));
  }

  statistics(number: number, options: Options): this {
    return this.block(
      5,
      this.#body(12, (view) => view.setUint32(0, number, this.#little)),
      options,
    );
  }

  block(type: number, body: Uint8Array, options: Options = []): this {
    const tail =
      options.length === 0
        ? Buffer.alloc(0)
        : Buffer.concat([...options.map((one) => this.#option(one)), Buffer.alloc(4)]);
    const content = Buffer.concat([pad(body), tail]);
    const head = this.#body(8, (view) => {
      view.setUint32(0, type, this.#little);
      view.setUint32(4, content.length + 12, this.#little);
    });
    this.#blocks.push(Buffer.concat([head, content, head.subarray(4, 8)]));
    return this;
  }

  u64(value: bigint): Uint8Array {
    return this.#body(8, (view) => view.setBigUint64(0, value, this.#little));
  }

  octets(): Buffer {
    return Buffer.concat(this.#blocks);
  }

  #packet(view: DataView, time: bigint, data: Uint8Array, len: number): void {
    view.setUint32(4, Number(time >> 32n), this.#little);
    view.setUint32(8, Number(time & 0xffff_ffffn), this.#little);
    view.setUint32(12, data.length, this.#little);
    view.setUint32(16, len, this.#little);
  }

  #option([code, value]: Options[number]): Uint8Array {
    const octets = typeof value === 'string' ? Buffer.from(value) : value;
    const head = this.#body(4, (view) => {
      view.setUint16(0, code, this.#little);
      view.setUint16(2, octets.length, this.#little);
    });
    return Buffer.concat([head, pad(octets)]);
  }

  #body(len: number, fill: (view: DataView) => void): Uint8Array {
    const octets = new Uint8Array(len);
    fill(new DataView(octets.buffer));
    return octets;
  }
}

function pad(octets: Uint8Array): Uint8Array {
  return Buffer.concat([octets, Buffer.alloc(padded(octets.length) - octets.length)]);
}
