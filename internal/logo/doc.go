// Package logo shows the pictures of clients without showing people to the
// clients' servers.
//
// A page links to an address of ours. Behind it the picture is fetched by us, at
// most once a day for everybody together, within bounds (OA-71), and given on only
// if its first bytes are those of PNG, JPEG, GIF or WebP, and as that: HTML and
// SVG never come from our origin. The address carries a MAC, so that only pictures
// which one of our pages shows can be asked for; what a stranger makes up is
// refused without a look anywhere.
//
// Pictures are kept in memory alone, a bounded number of them.
package logo
