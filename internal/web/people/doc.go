// Package people is every page a person sees, as handlers: it reads the request,
// calls one flow, and shows a view of package page or answers 303.
//
//	GET   look: shows, and changes nothing, because mail scanners and crawlers
//	      open links too (SE-30). HEAD is the same without the body.
//	POST  act: the form's own token is checked first (SE-34, SE-35). What went
//	      wrong is shown on the same page with what was typed, but never a secret;
//	      what went well is 303 to a page that can be reloaded.
//
// What one page must hand to the next travels sealed, in the flow cookie or in a
// hidden field, and dies after minutes or hours: see step and parked. Acts that
// need a proof of their own (TH-36) are parked until the password comes back in
// the same request that performs them.
//
// It holds no rules about accounts: flows have them. It refuses a form that is
// too large, of another type, not UTF-8, or that names a field twice.
package people
