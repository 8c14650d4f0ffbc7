/** The clock of the member's phone, as a line of its page's script: milliseconds since 1970. */
export const phoneClockScript = 'const phoneNowMs = () => Date.now();\n';
