// Package claims says what an app may be told of a person, and why.
//
// A claim is told when its scope was granted, or when the app asked for it by
// name (the claims parameter of OpenID Connect Core, section 5.5) and may ask for
// its scope. What the account does not have is left out: never null, never empty
// (OA-97). Every claim there is stands in one table, so UserInfo, ID tokens, the
// metadata and the preview cannot disagree.
//
// The package is pure: it reads no store and knows no token. It refuses claims
// parameters that are no JSON objects of the form of Core, or that are too long.
package claims
