//! Refreshes by programs that bring their own HTTP: one at a time, and nobody gets tokens that are not saved.

use proofkey::{Client, Conversation, ErrorKind, Provider, Refresh, Response, Roundtrip as _, Secret, Step, Tokens};

fn client() -> Client {
    Client::new(Provider::new("https://as.example/authorize", "https://as.example/token").unwrap(), "app").unwrap()
}

fn old() -> Tokens {
    Tokens::from_parts(Secret::new("old"), Some(Secret::new("r1")), None, None)
}

fn send(client: &Client) -> Refresh {
    match client.begin_refresh(&old(), 0).unwrap() {
        Step::Send(refresh) => refresh,
        other => panic!("nothing to send: {other:?}"),
    }
}

fn granted() -> Response {
    Response::new(200, [], r#"{"access_token":"new","token_type":"Bearer","refresh_token":"r2"}"#)
}

fn under_way(client: &Client) {
    assert_eq!(client.begin_refresh(&old(), 0).unwrap_err().kind(), ErrorKind::RefreshUnderWay);
}

#[test]
fn a_second_refresh_waits_until_the_first_is_saved() {
    let client = client();
    let refresh = send(&client);
    under_way(&client.clone());
    let Step::Done(refreshed) = refresh.receive(granted(), 0).unwrap() else { panic!("no tokens") };
    under_way(&client);
    assert_eq!(refreshed.tokens().access_token().expose(), "new");
    refreshed.saved();
    let Step::Done(late) = client.begin_refresh(&old(), 60).unwrap() else { panic!("sent again") };
    assert!(matches!(client.begin_refresh(&old(), 60).unwrap(), Step::Done(_)), "nobody has to save it again");
    assert_eq!(late.saved().access_token().expose(), "new");
    assert!(matches!(client.begin_refresh(&old(), 61).unwrap(), Step::Send(_)), "a minute is over");
}

#[test]
fn dropping_the_first_ends_its_flight() {
    let client = client();
    drop(send(&client));
    let refused = Response::new(400, [], r#"{"error":"invalid_grant"}"#);
    send(&client).receive(refused, 0).unwrap_err();
    drop(send(&client));
}

#[test]
fn tokens_that_were_not_saved_go_to_the_next_caller_to_save() {
    let client = client();
    drop(send(&client).receive(granted(), 0).unwrap());
    let Step::Done(refreshed) = client.begin_refresh(&old(), 0).unwrap() else { panic!("sent again") };
    under_way(&client);
    refreshed.saved();
    assert!(matches!(client.begin_refresh(&old(), 0).unwrap(), Step::Done(_)));
}

#[test]
fn the_same_in_place() {
    let client = client();
    let mut refresh = Conversation::from(client.begin_refresh(&old(), 0).unwrap());
    refresh.saved();
    under_way(&client);
    refresh.receive(granted(), 0).unwrap();
    under_way(&client);
    refresh.saved();
    let late = Conversation::from(client.begin_refresh(&old(), 0).unwrap());
    assert!(late.request().is_none() && late.output().is_some());
}

#[cfg(feature = "http")]
#[test]
fn the_transport_does_not_wait_for_somebody_elses_http() {
    let client = client();
    let _refresh = send(&client);
    let error = client.refresh(&old(), &proofkey::Transport::new()).unwrap_err();
    assert_eq!((error.kind(), error.request_sent()), (ErrorKind::RefreshUnderWay, false));
}
