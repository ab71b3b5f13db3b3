// Numbers as the page writes them.
export const thousands = (number) => number.toLocaleString('en');
export const bytes = (number) => `${thousands(number)} bytes`;
export const millions = (number) => `${(number / 1e6).toFixed(1)} M`;
export const percent = (share) => `${(100 * share).toFixed(1)} %`;
