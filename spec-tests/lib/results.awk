# SPDX-License-Identifier: Apache-2.0
#
# Catch2's XML report to one line a test case: result, suite, name, seconds, message, separated by
# tabs.  A case that has begun and not ended has failed.  Cases of the skip log (name, tab, reason)
# that have not failed are skipped.
#   awk -v suite=NAME -v skips=FILE -f results.awk report.xml
function unescape(text) {
  gsub(/&quot;/, "\"", text); gsub(/&apos;/, "'", text)
  gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&amp;/, "\\&", text)
  return text
}
function attribute(name,    text) {
  if (!match($0, " " name "=\"[^\"]*\"")) return ""
  text = substr($0, RSTART, RLENGTH)
  sub("^ " name "=\"", "", text); sub(/"$/, "", text)
  return unescape(text)
}
function add(text) {
  gsub(/[\t\r]/, " ", text); sub(/^ +/, "", text); sub(/ +$/, "", text)
  if (text != "" && length(message) < 1200) message = message (message == "" ? "" : " | ") text
}
function finish(result) {
  if (result == "passed" && name in reason) { result = "skipped"; message = reason[name] }
  if (result == "passed") message = ""
  printf "%s\t%s\t%s\t%s\t%s\n", result, suite, name, seconds, message
  name = ""
}
BEGIN {
  while ((getline line < skips) > 0) {
    tab = index(line, "\t")
    reason[substr(line, 1, tab - 1)] = substr(line, tab + 1)
  }
}
/^ *<TestCase / { name = attribute("name"); message = ""; seconds = 0; taking = 0; next }
name == "" { next }
/<Expression .*success="false"/ { failing = 1; add(attribute("filename") ":" attribute("line")) }
/<Expression .*success="true"/ { failing = 0 }
/<(Failure|Exception|FatalErrorCondition) / {
  failing = 1; taking = 1; add(attribute("filename") ":" attribute("line"))
}
/<Original>/ { taking = failing; if (taking) add("CHECK"); next }
/<Expanded>/ { taking = failing; if (taking) add("with"); next }
/<Info>/ { taking = 1; next }
/<\/(Original|Expanded|Info|Failure|Exception|FatalErrorCondition)>/ { taking = 0; next }
/<OverallResult / {
  seconds = attribute("durationInSeconds") + 0
  finish(attribute("success") == "true" ? "passed" : "failed")
  next
}
taking && !/^ *</ { add(unescape($0)) }
END { if (name != "") { add("the program ended in the middle of this case"); finish("failed") } }
