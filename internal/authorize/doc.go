// Package authorize is the flow behind the authorization endpoint: it takes what
// an app wants of a person, finds out what still has to happen, and sends the
// browser back with a code, or with the reason why there is none.
//
//	Push (PAR) --request_uri--.
//	parameters ---------------+-> Begin -> Next: sign in, prove again, choose, agree?
//	                                         |          '- the page comes back to Next
//	                                         |- Approve | Deny  (of the consent page)
//	                                         '-> Response: code, or error
//
// Client and redirect address are checked before everything, and while one of them
// is bad nobody is sent anywhere (OA-4). Everything else is checked again at each
// step, against the client and the session as they are then; what a page has
// decided is never carried past this package (OA-24). A request ends once, in one
// statement, together with the birth of its code (TH-1).
//
// The package neither signs in nor writes pages: web/authorize answers requests,
// web/people asks people.
package authorize
