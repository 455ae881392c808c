/**
 * A peer, as the senders of its subscriptions see it.
 *
 * @module
 */

/** What a sender needs of its peer. */
export interface PeerLink {
  /**
   * Sends one packet; returns `false` if it was not sent.
   *
   * @param isRepetition the same bytes were sent before (RTX-1)
   */
  send(packet: Buffer, isRepetition?: boolean): boolean;
  /** Records a packet that is to be sent, and returns its transport-wide number (16 bits). */
  recordSent(bytes: number, nowMs: number): number;
  /** Records that a packet is sent again under its transport-wide number. */
  recordRepetition(sequence: number): void;
  /** Handles that a track of a subscription has other layers than before. */
  handleLayersChanged(): void;
  now(): number;
}
