/** A host of one or more labels, lower case. Names and constraints are compared only where both are such hosts. */
export const HOST = /^[a-z0-9_-]+(\.[a-z0-9_-]+)*$/;
