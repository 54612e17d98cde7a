import { networkInterfaces } from 'node:os';
import { type Address, isMulticast, parseAddress } from '../wire/address.js';

interface OwnAddress {
  readonly address: Address;
  readonly prefixLen: number;
}

/** What the addresses of this thread's network namespace say of others. Only interfaces that are up count. */
export class OwnNetworks {
  readonly #cidrs: readonly string[];
  readonly #parsed: Partial<Record<4 | 6, readonly OwnAddress[]>> = {};

  /** @param addresses each with its prefix length: `192.0.2.1/24` */
  constructor(addresses: readonly string[] = cidrs()) {
    this.#cidrs = addresses;
  }

  /** Parsed when one of the family is asked about: whoever sends by IPv4 need not wait for the parser of IPv6. */
  #own(family: 4 | 6): readonly OwnAddress[] {
    this.#parsed[family] ??= this.#cidrs
      .filter((cidr) => cidr.includes(':') === (family === 6))
      .flatMap((cidr) => {
        const [text = '', prefixLen] = cidr.split('/');
        const address = parseAddress(text);
        return address === null ? [] : [{ address, prefixLen: Number(prefixLen) }];
      });
    return this.#parsed[family];
  }

  /** One of this host's addresses. */
  has(address: Address): boolean {
    return (
      isLoopback(address) ||
      this.#own(address.family).some((own) => samePrefix(own.address, address, 8 * address.octets.length))
    );
  }

  /** Reached without a router. */
  onLink(address: Address): boolean {
    const { family, octets } = address;
    if (isLoopback(address) || (family === 6 && octets[0] === 0xfe && octets[1]! >> 6 === 0b10)) return true;
    return (
      this.isBroadcast(address) || this.#own(family).some((own) => samePrefix(own.address, address, own.prefixLen))
    );
  }

  /**
   * Every host of a network of ours: 255.255.255.255, or all ones behind the prefix (RFC 922), of which /31 has none (RFC 3021).
   */
  isBroadcast(address: Address): boolean {
    if (address.family === 6 || isMulticast(address)) return false;
    const host = word(address);
    if (host === 0xffff_ffff) return true;
    return this.#own(4).some(({ address: own, prefixLen }) => {
      const ones = 2 ** (32 - prefixLen) - 1;
      return prefixLen < 31 && samePrefix(own, address, prefixLen) && host % (ones + 1) === ones;
    });
  }
}

function cidrs(): string[] {
  return Object.values(networkInterfaces()).flatMap((all) => (all ?? []).flatMap(({ cidr }) => cidr ?? []));
}

/** 127.0.0.0/8 and ::1. */
export function isLoopback({ family, octets }: Address): boolean {
  return family === 4 ? octets[0] === 127 : octets.every((octet, i) => octet === (i === 15 ? 1 : 0));
}

function samePrefix(one: Address, other: Address, len: number): boolean {
  return one.octets.every((octet, i) => {
    const mask = (0xff00 >> Math.min(8, Math.max(0, len - 8 * i))) & 0xff;
    return ((octet ^ other.octets[i]!) & mask) === 0;
  });
}

function word({ octets }: Address): number {
  return new DataView(octets.buffer, octets.byteOffset).getUint32(0);
}
