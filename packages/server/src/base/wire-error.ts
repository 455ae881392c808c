/**
 * The wire form of errors.
 *
 * @module
 */

import type { GavelError, WireError } from '@gavel/protocol';

/** Converts an error for a client. */
export function toWireError({ code, message, details }: GavelError): WireError {
  return { code, message, ...(details && { details }) };
}
