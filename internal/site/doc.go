// Package site owns the hosts that stand behind the gateway: which of their
// addresses anybody may see, which need whom, and which nobody gets.
//
// A site is one host with ordered rules. The first rule that fits the path, the
// method and the network decides; when none fits, the answer is no (SE-55). A
// path is judged as the proxy will forward it: it is decoded once, and whatever
// two programs could read in two ways is refused instead of guessed (SE-52).
//
//	Site -- Clean --> Site -- Compile --> Compiled -- Match --> Rule
//
// Book holds all sites of an instance in memory. It answers by itself only while
// the process holds a freshness proof (TH-11); a change anywhere is told by a
// revocation entry of kind refresh whose value is Mark, so that no other cache
// has to forget anything.
//
// The package decides nothing about people: package gateway does.
package site
