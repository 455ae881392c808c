/** The version of this package; a test compares it with the package's manifest. */
export const VERSION = '0.2.0';
