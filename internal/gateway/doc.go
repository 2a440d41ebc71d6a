// Package gateway decides for proxies: may this request pass, and as whom?
//
//	Original (what the proxy says was asked)
//	  -> host is a site -> path read once -> first rule that fits
//	  -> who is it -> cross-site? -> requirements
//	  -> pass, with headers | sign in | 401 | 403 | 400 | 503
//
// Whatever is not clearly allowed is refused: an unknown host, an address that
// can be read in two ways, a rule that is not there, a store that does not
// answer (SE-54, SE-55). OPTIONS is a method like any other (TH-39). A credential
// that is present and wrong is a refusal, never a fall-through to another.
//
// The flow also runs the journey that ends in a gate: see package ticket.
// It knows no HTTP; web/gateway reads the headers of proxies and writes answers.
package gateway
