export interface ReceiveOptions {
  readonly port: number;
  /** Default `::`, which takes both families. */
  readonly address: string;
  /** To join a group by, where the address is one, and of a link-local address the zone, where it names none. */
  readonly interface?: string | undefined;
  /** Sends every datagram back to where it came from. */
  readonly echo: boolean;
  /** Answers datagrams with how they arrived, or how they begin (`Arrival`), for `udp-ufo path` and `conform`; but no answer. */
  readonly report: boolean;
  /** A line on stderr every so many ms. */
  readonly intervalMs?: number | undefined;
  /** Ends after that many datagrams. */
  readonly count?: number | undefined;
  /** Ends after that long without a datagram, ms. */
  readonly timeoutMs?: number | undefined;
  /** A folder (an existing one, or with `/` at the end) for a file per datagram, or one file for all payloads in order. */
  readonly write?: string | undefined;
  readonly bufferSize: number;
  /** A line a datagram, and the summary. */
  readonly json: boolean;
  /** SHA-256 of the payload in each line: it costs more than all the rest. */
  readonly hash: boolean;
  /** No lines of datagrams whose payloads are good. */
  readonly quiet: boolean;
}
