/** Raised by hand when a truck can't go from one build to another by itself. */
const MAJOR = 1;
/** Greengrass refuses a part of more than six digits. */
const PART = 1_000_000n;

/**
 * A component version that follows from content: equal content, equal version. It is MAJOR.MINOR.PATCH and nothing else, because the
 * nucleus takes a pre-release for a range (aws-greengrass-nucleus#1620) and all of semver ignores build metadata; so 40 bits of the digest
 * become minor and patch. Among a thousand builds two share a version with a chance of one in two million. Which of two
 * is the newer one the number doesn't say: deployments and our own dependencies name versions exactly.
 * @param digest hexadecimal, 16 digits at least
 */
export function versionOf(digest: string): string {
  const number = BigInt(`0x${digest.slice(0, 16)}`) % (PART * PART);
  return `${MAJOR}.${number / PART}.${number % PART}`;
}
