/**
 * Apps, as the admin API returns them.
 *
 * @module
 */

/** An App without its keys. */
export interface AppSummary {
  readonly appId: number;
  /** The id of the App at the meetings API. */
  readonly rtkAppId: string;
  readonly accountId: string;
  readonly name: string;
  readonly createdAtMs: number;
}

/** The Apps that the user may access, oldest first. */
export interface AppList {
  readonly apps: readonly AppSummary[];
}
