//! Measures the crates against others and against the limits below them.
//!
//! Machines are noisy: each round runs a short slice of every candidate in turn, and only ratios within a round count.

mod id_token;

use std::hint::black_box;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use oauth2::{PkceCodeChallenge, PkceCodeVerifier};
use proofkey_core::{Binding, Error, Verifier};

const ROUNDS: usize = 401;
const SLICE: Duration = Duration::from_micros(100);

fn main() -> ExitCode {
    if std::env::args().nth(1).is_some_and(|argument| argument == "verify") {
        verify_when_told();
        return ExitCode::SUCCESS;
    }
    if let Err(who) = same_results() {
        eprintln!("{who} computes another value: there is nothing to compare");
        return ExitCode::FAILURE;
    }
    generate();
    for (len, target) in [(43, 2.1), (64, 1.6), (128, 1.6)] {
        challenge(len, target);
    }
    verify();
    id_token::login_to_claims();
    ExitCode::SUCCESS
}

fn generate() {
    let mut entropy = [0; 32];
    let limit = repeat(move || {
        getrandom::fill(&mut entropy).unwrap();
        entropy
    });
    report(
        "generate",
        repeat(Verifier::generate),
        [
            Peer { target: Target::IfSystemCall(1.1), ..peer("getrandom of 32 bytes", limit) },
            peer("pkce-std", repeat(pkce_std::Verifier::generate_encode_default)),
            peer("pkce", repeat(|| pkce::code_verifier(43))),
        ],
    );
    let ours = repeat(|| {
        let verifier = Verifier::generate().unwrap();
        let challenge = verifier.challenge();
        (verifier, challenge)
    });
    let pkce = repeat(|| {
        let verifier = pkce::code_verifier(43);
        let challenge = pkce::code_challenge(&verifier);
        (verifier, challenge)
    });
    report(
        "verifier and challenge",
        ours,
        [
            peer("oauth2", repeat(PkceCodeChallenge::new_random_sha256)),
            peer("pkce-std", repeat(pkce_std::Code::generate_encode_default)),
            peer("pkce", pkce),
        ],
    );
}

/// The challenge of a parsed verifier, as text.
fn challenge(len: usize, target: f64) {
    let text = verifier_of(len);
    let ours = Verifier::parse(text.as_bytes()).unwrap();
    let oauth2 = PkceCodeVerifier::new(text.clone());
    let pkce_std = pkce_std::Verifier::borrowed(&text).unwrap();
    // SHA-256 appends at least 9 bytes of padding and length to the text.
    let blocks = &[[0x55; 64]; 3][..(len + 9).div_ceil(64)];
    // The target compares with compressions in a chain, each of which waits for the state of the one before.
    // Independent compressions overlap in the processor; no code can be faster than that.
    let mut state = [0; 8];
    let chained = repeat(move || sha2::block_api::compress256(black_box(&mut state), black_box(blocks)));
    let independent = repeat(|| {
        let mut state = [0; 8];
        sha2::block_api::compress256(black_box(&mut state), black_box(blocks));
        state
    });
    let row = format!("challenge, {len} characters");
    let as_text = || {
        let challenge = black_box(&ours).challenge();
        black_box(challenge.as_str());
    };
    report(
        &row,
        repeat(as_text),
        [
            Peer { target: Target::AtMost(target), ..peer("its SHA-256 compressions, in a chain", chained) },
            peer("its SHA-256 compressions, independent", independent),
            Peer {
                target: Target::AtMost(1.0),
                ..peer("oauth2", repeat(|| PkceCodeChallenge::from_code_verifier_sha256(black_box(&oauth2))))
            },
            Peer { target: Target::AtMost(1.0), ..peer("pkce-std", repeat(|| black_box(&pkce_std).challenge())) },
            peer("pkce", repeat(|| pkce::code_challenge(black_box(text.as_bytes())))),
        ],
    );
}

/// What a token request needs: the stored text, and the verifier as it was received.
fn verify() {
    let text = verifier_of(43);
    let verifier = Verifier::parse(text.as_bytes()).unwrap();
    let challenge = verifier.challenge();
    let (challenge, text) = (challenge.as_str(), text.as_str());
    let stored = format!("S256:{challenge}");
    let binding = Binding::parse(stored.as_bytes()).unwrap();
    let pkce_std_challenge = pkce_std::Verifier::borrowed(text).unwrap().challenge();
    let verify = || black_box(&binding).verify(Some(black_box(text.as_bytes())));
    report(
        "verify, 43 characters",
        repeat(verify),
        [Peer {
            target: Target::AtMost(1.15),
            ..peer("proofkey's challenge", repeat(|| challenge_as_text(&verifier)))
        }],
    );
    report(
        "parse the binding and verify",
        repeat(|| parse_and_verify(&stored, text)),
        [
            peer("oauth2 and ==", repeat(|| oauth2_verifies(black_box(text), black_box(challenge)))),
            peer("pkce-std", repeat(|| pkce_std_verifies(black_box(text), black_box(&pkce_std_challenge)))),
            peer("pkce and ==", repeat(|| pkce::code_challenge(black_box(text.as_bytes())) == black_box(challenge))),
        ],
    );
}

fn parse_and_verify(stored: &str, text: &str) -> Result<(), Error> {
    Binding::parse(black_box(stored.as_bytes()))?.verify(Some(black_box(text.as_bytes())))
}

/// For verify.py: each line of stdin is a number of verifications to run. Prints how many nanoseconds one took.
fn verify_when_told() {
    let (stored, text) =
        ("S256:E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    let mut slice = repeat(|| parse_and_verify(stored, text).unwrap());
    for line in std::io::stdin().lines() {
        println!("{}", slice(line.unwrap().parse().unwrap()));
    }
}

fn challenge_as_text(verifier: &Verifier) {
    let challenge = black_box(verifier).challenge();
    black_box(challenge.as_str());
}

fn oauth2_verifies(text: &str, challenge: &str) -> bool {
    PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(text.to_owned())).as_str() == challenge
}

/// pkce-std parses no challenge, and checks the verifier's characters as we do.
fn pkce_std_verifies(text: &str, challenge: &pkce_std::Challenge) -> bool {
    pkce_std::Verifier::borrowed(text).is_ok_and(|verifier| verifier.verify(challenge))
}

/// Checks that all four compute the same; else the error is the name of the one that does not.
fn same_results() -> Result<(), &'static str> {
    for len in 43..=128 {
        let text = verifier_of(len);
        let challenge = Verifier::parse(text.as_bytes()).map_err(|_| "proofkey")?.challenge();
        let ours = challenge.as_str();
        let binding = Binding::parse(format!("S256:{ours}").as_bytes()).map_err(|_| "proofkey")?;
        binding.verify(Some(text.as_bytes())).map_err(|_| "proofkey")?;
        let theirs = pkce_std::Verifier::borrowed(&text).map_err(|_| "pkce-std")?.challenge();
        let holds = [
            ("oauth2", oauth2_verifies(&text, ours)),
            ("pkce-std", theirs.secret() == ours && pkce_std_verifies(&text, &theirs)),
            ("pkce", pkce::code_challenge(text.as_bytes()) == ours),
        ];
        if let Some((who, _)) = holds.into_iter().find(|(_, holds)| !holds) {
            return Err(who);
        }
    }
    Ok(())
}

/// The same text in each run. It cycles through all characters that a verifier may have.
fn verifier_of(len: usize) -> String {
    let alphabet = ('a'..='z').chain('A'..='Z').chain('0'..='9').chain("-._~".chars());
    alphabet.cycle().skip(len).take(len).collect()
}

/// Runs a job that many times, and returns how many nanoseconds one took.
type Slice<'a> = Box<dyn FnMut(u32) -> f64 + 'a>;

struct Peer<'a> {
    name: &'static str,
    slice: Slice<'a>,
    target: Target,
}

#[derive(Clone, Copy)]
enum Target {
    None,
    AtMost(f64),
    /// Applies only if getting random bytes is a system call. Otherwise it is cheaper than the work around it.
    IfSystemCall(f64),
}

fn peer<'a>(name: &'static str, slice: Slice<'a>) -> Peer<'a> {
    Peer { name, slice, target: Target::None }
}

fn repeat<'a, T>(mut job: impl FnMut() -> T + 'a) -> Slice<'a> {
    Box::new(move |times| {
        let start = Instant::now();
        for _ in 0..times {
            // By reference: moving the result would cost a copy that no caller needs.
            let result = job();
            black_box(&result);
        }
        start.elapsed().as_secs_f64() * 1e9 / f64::from(times)
    })
}

/// Measures in interleaved slices and prints a row of the table for each peer.
fn report<const N: usize>(row: &str, ours: Slice<'_>, peers: [Peer<'_>; N]) {
    let mut slices = vec![ours];
    let peers = peers.map(|peer| {
        slices.push(peer.slice);
        (peer.name, peer.target)
    });
    // The first call warms up, the second says how many calls are a slice.
    let times = slices.iter_mut().map(|slice| {
        slice(1_000);
        (SLICE.as_secs_f64() * 1e9 / slice(1_000)) as u32 + 1
    });
    let times: Vec<u32> = times.collect();
    let rounds: Vec<Vec<f64>> =
        (0..ROUNDS).map(|_| slices.iter_mut().zip(&times).map(|(slice, &times)| slice(times)).collect()).collect();
    let ours = median(rounds.iter().map(|round| round[0]));
    for (index, (name, target)) in peers.into_iter().enumerate() {
        let theirs = median(rounds.iter().map(|round| round[index + 1]));
        let ratio = median(rounds.iter().map(|round| round[0] / round[index + 1]));
        let target = match target {
            Target::AtMost(most) => Some(most),
            Target::IfSystemCall(most) if theirs > 200.0 => Some(most),
            _ => None,
        };
        let verdict = target.map_or("– | –".to_owned(), |most| {
            // Compared at the two digits that are printed, so that equal is not slower.
            format!("≤ {most:.2} | {}", if ratio < most + 0.005 { "met" } else { "**missed**" })
        });
        println!("| Rust | {row} | {ours:.0} ns | {name} | {theirs:.0} ns | {ratio:.2} | {verdict} |");
    }
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
