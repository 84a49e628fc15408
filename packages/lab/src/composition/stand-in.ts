/** Response header of the lab's stand-in pages; its value is the image that would run there. */
export const standInHeader = 'x-lab-stand-in';
