// In: texts. Out: of each, [start, end, kind, value] in UTF-8 bytes of what Bluesky's client links, as it shows them:
// in order, of two that overlap the earlier one. A handle is not looked up.
import { readFileSync } from "node:fs";
import { RichText } from "@atproto/api";

const texts = JSON.parse(readFileSync(0, "utf8"));
const plain = (facet) => {
  const [{ $type, uri, tag, did }] = facet.features;
  const kind = $type.split("#")[1];
  return [facet.index.byteStart, facet.index.byteEnd, kind, uri ?? tag ?? did];
};
const answers = texts.map((text) => {
  const rich = new RichText({ text });
  rich.detectFacetsWithoutResolution();
  let at = 0;
  return (rich.facets ?? []).map(plain).filter(([start, end]) => start >= at && ((at = end), true));
});
process.stdout.write(JSON.stringify(answers));
