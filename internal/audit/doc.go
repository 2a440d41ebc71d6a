// Package audit says what happened, for account owners and investigators, for years.
//
// An Event is written in the transaction of the act it reports: both are kept or
// neither (AU-40). Its Name is a promise: names are declared once with Define,
// entered in a catalogue with the sentence a person reads in their security log,
// and never renamed. Events hold identifiers, never secrets and never the text
// somebody typed into a field that may be a password (AU-23, AU-30).
//
// Rows are appended to one stream with a gapless sequence number; the engine
// assigns it. Nothing updates or deletes a row.
package audit
