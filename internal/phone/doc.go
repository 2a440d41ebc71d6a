// Package phone owns the telephone numbers of accounts, to which codes are sent as
// text messages or spoken in a call.
//
// A number is an E.164 number that its owner proved by a code. It is sealed at
// rest. The telephone network delivers to whoever a carrier believes, so NIST SP
// 800-63B-4 (section 3.1.3.3) calls it restricted: it is off by default, only ever
// a second step, and none at all beside something stronger (PW-48).
//
// Each message is paid for before it leaves: Budget says what one costs and how
// many there may be for a number, a range of numbers, a country and in all in a
// day, and Store charges them all or none, durably. The cap is hard: whatever
// fails afterwards, nothing is sent that was not charged.
package phone
