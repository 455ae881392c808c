/**
 * The link between the nodes of a cluster: carries messages, and knows which nodes are alive. Everything on it is JSON.
 *
 * @module
 */

import { GavelError, type WireError } from '@gavel/protocol';

/** Identifies a node of a cluster, from its configuration: 1 to 64 letters, digits, `-`, `_`. */
export type NodeId = string;

/** A request of one node to another. */
export interface NodeMessage {
  /** What the request is about: the name of a `Topic`. */
  readonly topic: string;
  /** Messages of one lane from one node to another arrive in the order in which they were sent. */
  readonly lane: string;
  readonly body: unknown;
}

/** The reply to a message: the handler's answer, its refusal, or the text of an unexpected error. */
export type NodeReply = { readonly answer: unknown } | { readonly refusal: WireError } | { readonly failure: string };

/** Handles messages of other nodes. Never rejects. */
export type NodeHandler = (message: NodeMessage, from: NodeId) => Promise<NodeReply>;

/** A message has reached nobody: whoever sends it again does not have it executed twice. Its code is `server.node-unavailable`. */
export class NotDelivered extends GavelError {
  constructor(to: NodeId, reason: string) {
    super('server.node-unavailable', `The message to the node "${to}" failed: ${reason}.`);
  }
}

/**
 * One node's access to the others. An implementation carries JSON; `ClusterPeers` encodes and decodes it.
 *
 * A message to a node that dies is not repeated: its sender does not know whether it was executed, but for `NotDelivered`.
 */
export interface NodeLink {
  /** This node. */
  readonly id: NodeId;
  /** Returns the nodes that are alive as far as this one knows, itself included. */
  nodes(): readonly NodeId[];
  /**
   * Sends a message to another node, and resolves with the reply.
   *
   * @throws GavelError `server.node-unavailable` if the node is gone, or is given up before it replies; a `NotDelivered` if the
   *   message has not reached it
   */
  send(to: NodeId, message: NodeMessage): Promise<NodeReply>;
  /** Calls the handler with every message from now on; messages that arrive before are kept. Call it once. */
  serve(handler: NodeHandler): void;
  /** Learns which nodes are alive now. Resolves with false if that fails. Without it, `nodes` always knows. */
  refresh?(): Promise<boolean>;
  /** Calls the listener when the result of `nodes` has changed. Returns a function that ends it. */
  onNodesChanged(listener: () => void): () => void;
}

/** The link of a process that is no part of a cluster. */
export const NO_LINK: NodeLink = {
  id: 'local',
  nodes: () => ['local'],
  send: (to) => Promise.reject(new Error(`there is no node ${to}`)),
  serve: () => {},
  onNodesChanged: () => () => {},
};
