// The version of this program, as package.json has it (test/server/version.test.ts holds the two together).

/** Shown by `kickstand --version`, and written into what installs leave behind. */
export const version = '0.1.0';
