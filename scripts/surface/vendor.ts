/**
 * How a vendor's surface is described: the pairs of types to compare, and notes on members for the generated page.
 *
 * @module
 */

/** A type of the vendor beside ours of the same purpose; both are TypeScript type expressions over `Vendor` and `Ours`. */
export interface Pair {
  /** The heading on the page, and the first part of a member's key; unique. */
  readonly title: string;
  readonly vendor: string;
  readonly ours: string;
  /** `members`: properties of objects; `events`: event maps, compared by the arguments that handlers receive. */
  readonly kind: 'members' | 'events';
  /** Members that another pair compares, or that are inherited from the language; not listed. */
  readonly omit?: readonly string[];
}

/**
 * A remark about members, by names in one text: `name`, or `*` for the members of the title that have no other note.
 *
 * - `limited`: it works, with the limits of `text`.
 * - `inactive`: it exists, but answers "not supported"; `text` says why, and `needs` what it would need.
 * - `absent`: it does not exist; likewise.
 * - `internal`: part of the vendor's inner workings that the declarations show; it is neither counted nor needed.
 */
export type Note = {
  readonly title: string;
  readonly names: string;
  readonly text: string;
} & ({ readonly state: 'limited' | 'internal' } | { readonly state: 'inactive' | 'absent'; readonly needs: string });

/** All that is known about a vendor's surface. */
export interface Vendor {
  /** Short, for file names and output. */
  readonly id: string;
  readonly name: string;
  readonly packageName: string;
  /** Path of the vendor's declarations from the root; names that `pairs` use are exported in memory. */
  readonly declarations: string;
  /** Names of the declarations that are not exported but needed by `pairs`. */
  readonly reveal?: readonly string[];
  /**
   * Members of classes that are the vendor's inner workings, by class: they are dropped before the comparison, so that classes
   * are assignable without them.
   */
  readonly inner?: Readonly<Record<string, string>>;
  /** Other declarations that `pairs` need, by the name under which they use them. */
  readonly imports?: Readonly<Record<string, string>>;
  /** Path of our entry from the root. */
  readonly ours: string;
  readonly pairs: readonly Pair[];
  readonly notes: readonly Note[];
  /** The fewest members that may be present and assignable; raised when more are. */
  readonly floor: { readonly present: number; readonly assignable: number };
}
