/** Real photos of groups without masks, which come with the package of the detector. */
import { join } from "@std/path";
import { findPackageWeights } from "../lib/detect.ts";

/** One of `sample1.jpg` to `sample6.jpg`. */
export const groupPhoto = (name: string): string => join(findPackageWeights(), "../demo", name);

/** Three people. */
export const GROUP: string = groupPhoto("sample1.jpg");
