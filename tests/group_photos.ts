/** Real photos of groups without masks, which come with the package of the detector. */
import { join } from "@std/path";
import { findPackage } from "../lib/detect/package.ts";

/** One of `sample1.jpg` to `sample6.jpg`. */
export const groupPhoto = (name: string): string => join(findPackage(), "demo", name);

/** Three people. */
export const GROUP: string = groupPhoto("sample1.jpg");
