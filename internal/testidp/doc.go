// Package testidp is an OpenID provider of made-up people, for development and
// tests: whoever is sent there chooses who to be, and what shall go wrong.
//
// It is a real one on the wire: discovery, published keys, the code flow with PKCE
// and client authentication, UserInfo, log-out. It keeps everything in memory,
// asks for no password and tells anybody anything: it is linked by mortise dev and
// by mortisetest, and by nothing that serves people.
package testidp
