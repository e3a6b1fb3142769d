"""Given and family names by part of the world: a line each of given names, then of family names."""

TEXT = """
Anna Lukas Marie Jonas Clara Felix Johanna Paul Greta Emil Frieda Anton Mathilda Jakob
Müller Schneider Fischer Weber Becker Hoffmann Schäfer Koch Richter Wolf Neumann Schröder Krüger Vogel

Olivia Oliver Amelia George Isla Harry Freya Arthur Grace Noah Poppy Leo Rosie Oscar
Smith Taylor Evans Hughes Clarke Walker Bennett Harris Turner Cooper Ward Bailey Murphy Campbell

Camille Louis Chloé Gabriel Manon Jules Inès Hugo Léa Adam Zoé Arthur Élise Théo
Martin Bernard Dubois Moreau Laurent Lefèvre Girard Rousseau Fontaine Chevalier Mercier Blanc Garnier Faure

Lucía Mateo Sofía Martín Valentina Diego Camila Javier Elena Andrés Carmen Pablo Irene Tomás
García Fernández Rodríguez López Sánchez Pérez Gómez Díaz Torres Ramírez Navarro Castillo Morales Ortega

Giulia Leonardo Aurora Francesco Chiara Lorenzo Martina Matteo Alice Davide Elisa Riccardo Bianca Tommaso
Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Conti Moretti Barbieri Lombardi

Zuzanna Jakub Hanna Antoni Maja Szymon Zofia Filip Oliwia Mikołaj Lena Stanisław Julia Wojciech
Nowak Kowalczyk Wiśniewski Wójcik Lewandowski Zieliński Mazur Kaczmarek Piotrowski Grabowski Król Dudek

Ingrid Lars Astrid Erik Freja Magnus Sigrid Nils Linnea Anders Solveig Henrik Maja Oskar
Andersson Johansson Lindberg Berg Hansen Olsen Nilsen Larsen Virtanen Korhonen Lindqvist Nygård Holm Dahl

Zeynep Mehmet Elif Emre Ayşe Can Defne Mustafa Ece Ali Selin Kerem Naz Burak
Yılmaz Kaya Demir Şahin Çelik Yıldız Öztürk Aydın Arslan Doğan Koç Kurt Özdemir Aksoy

Fatima Omar Layla Yusuf Mariam Karim Nour Hassan Salma Tariq Rania Bilal Amina Khalid
Haddad Khoury Mansour Nasser Saleh Aziz Farouk Hamdan Qasim Rahman Shaheen Zaidi Bakri Darwish

Priya Arjun Ananya Rohan Kavya Vikram Meera Aditya Ishita Rahul Divya Karthik Neha Sanjay
Sharma Patel Iyer Reddy Gupta Nair Singh Chatterjee Desai Menon Kulkarni Rao Banerjee Joshi

Mei Wei Ling Jun Xiaoyu Hao Yan Ming Hui Feng Jing Lei Na Bo
Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Lin Guo

Yuki Haruto Sakura Ren Aoi Sota Hina Riku Mio Kaito Emi Daiki Rin Takumi
Sato Suzuki Takahashi Tanaka Watanabe Ito Yamamoto Nakamura Kobayashi Kato Yoshida Yamada Sasaki Mori

Seo-yeon Min-jun Ji-woo Do-yun Ha-eun Si-woo Su-ah Ye-jun Chae-won Jun-seo Yuna Hyun-woo Da-eun Tae-yang
Kim Lee Park Choi Jung Kang Cho Yoon Jang Lim Han Shin Seo Kwon

Amara Chinedu Ngozi Emeka Folake Tunde Adaeze Kwame Akosua Kofi Zainab Ibrahim Wanjiru Kamau
Okafor Adeyemi Eze Balogun Mensah Owusu Asante Diallo Traoré Kamara Mwangi Otieno Njoroge Nwosu

Thandiwe Sipho Lerato Thabo Naledi Bongani Zanele Mandla Chipo Tendai Rutendo Farai Ayanda Lwazi
Dlamini Nkosi Khumalo Ndlovu Mokoena Mahlangu Sithole Zulu Moyo Ncube Banda Phiri Chanda Mbeki

Ana João Beatriz Miguel Mariana Pedro Larissa Rafael Júlia Thiago Helena Gustavo Isabela Bruno
Silva Santos Oliveira Souza Pereira Costa Carvalho Almeida Ferreira Ribeiro Rocha Cardoso Teixeira Barbosa

Daria Ivan Oksana Mykola Iryna Andriy Sofiia Bohdan Polina Maksym Elena Dmytro Kateryna Taras
Shevchenko Kovalenko Bondarenko Tkachenko Kravchenko Marchenko Lysenko Melnyk Petrenko Sydorenko Moroz Rudenko

Linh Minh Thao Duc Mai Tuan Siti Budi Dewi Agus Maria Jose Angelica Ramon
Nguyen Tran Pham Hoang Vo Dang Wijaya Santoso Kusuma Hartono Reyes Cruz Bautista Villanueva
"""
