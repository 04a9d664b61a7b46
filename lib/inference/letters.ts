/** Letters of 5 x 7 dots, enough for the labels: no font needs to be there. */

/** Rows of a letter, top to bottom; `#` is a dot. */
const LETTERS: Readonly<Record<string, string>> = {
  A: ".###. #...# #...# ##### #...# #...# #...#",
  C: ".#### #.... #.... #.... #.... #.... .####",
  E: "##### #.... #.... ####. #.... #.... #####",
  I: "##### ..#.. ..#.. ..#.. ..#.. ..#.. #####",
  K: "#...# #..#. #.#.. ##... #.#.. #..#. #...#",
  M: "#...# ##.## #.#.# #.#.# #...# #...# #...#",
  N: "#...# ##..# #.#.# #.#.# #..## #...# #...#",
  O: ".###. #...# #...# #...# #...# #...# .###.",
  R: "####. #...# #...# ####. #.#.. #..#. #...#",
  S: ".#### #.... #.... .###. ....# ....# ####.",
  T: "##### ..#.. ..#.. ..#.. ..#.. ..#.. ..#..",
  "0": ".###. #...# #..## #.#.# ##..# #...# .###.",
  "1": "..#.. .##.. ..#.. ..#.. ..#.. ..#.. .###.",
  "2": ".###. #...# ....# ..##. .#... #.... #####",
  "3": ".###. #...# ....# ..##. ....# #...# .###.",
  "4": "...#. ..##. .#.#. #..#. ##### ...#. ...#.",
  "5": "##### #.... ####. ....# ....# #...# .###.",
  "6": ".###. #.... #.... ####. #...# #...# .###.",
  "7": "##### ....# ...#. ..#.. .#... .#... .#...",
  "8": ".###. #...# #...# .###. #...# #...# .###.",
  "9": ".###. #...# #...# .#### ....# ....# .###.",
  "%": "##..# ##..# ...#. ..#.. .#... #..## #..##",
  "?": ".###. #...# ....# ..##. ..#.. ..... ..#..",
  " ": "..... ..... ..... ..... ..... ..... .....",
};

/** Dots from one letter to the next, and of a line's height. */
export const LETTER_WIDTH = 6;
export const LETTER_HEIGHT = 7;

/**
 * The dots of a line of text: places from its left upper corner.
 *
 * @throws {RangeError} if a letter is not one of those that labels need
 */
export function* textDots(text: string): Generator<[x: number, y: number]> {
  for (const [i, letter] of [...text].entries()) {
    const rows = LETTERS[letter]?.split(" ");
    if (!rows) throw new RangeError(`there is no letter ${JSON.stringify(letter)} to draw with`);
    for (const [y, row] of rows.entries()) {
      for (const [x, dot] of [...row].entries()) if (dot === "#") yield [LETTER_WIDTH * i + x, y];
    }
  }
}
