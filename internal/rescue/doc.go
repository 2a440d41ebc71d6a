// Package rescue is the flow of getting back into an account whose factors are
// lost (TH-42, TH-43), and of what two administrators decide together.
//
//	mail proven --Begin--> waiting --(time, everybody told daily)--> mailed secret --.
//	administrator --Request--> second administrator --Approve--> mailed secret ------+--Finish-->
//	host --Link--> secret on the terminal -------------------------------------------'
//
//	Finish: one transaction forgets the lost factors, keeps the new one, ends
//	every session and grant, and tells every address. Nobody is signed in.
//
// There is no moment at which the account asks for less than before: the new
// factor is proven before the old ones go, and is worth at least as much. So no
// session of lower assurance is ever born of a recovery.
//
// Everybody who may be the owner is told: every verified address, those removed in
// the last thirty days too. An objection stops a claim only with a proof as strong
// as the result; any other delays it once and calls the administrators. Nothing
// here signs in, and no password reset passes here: that is package account's.
package rescue
