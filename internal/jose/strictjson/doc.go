// Package strictjson reads JSON that strangers sent, once, from left to right.
//
// It reads only what RFC 8259 and I-JSON (RFC 7493) allow: valid UTF-8 without a
// byte order mark, no member twice in one object however it is spelled, no lone
// surrogate, nothing after the value. Depth and number of members are bounded, so
// its cost is bounded by the length of the text, which the caller bounds. Strings
// without escapes are parts of the text and cost no allocation.
//
// It is used by jose and jwt. It converts nothing by reflection and guesses no
// type: a member that should be a string and is not is an error.
package strictjson
