/** How many of so many training examples are kept for validation; free of what draws them. */
export const validationCount = (examples: number, share: number): number => Math.round(examples * share);
