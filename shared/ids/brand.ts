declare const brand: unique symbol;

/** A primitive that only its own constructor may produce: nothing else in the code base casts to it. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };
