/** The field manager under which everything is applied. */
export const fieldManager = 'vmstation';
